"""What `caloris check` prints and warns of, before anything is traced or solved."""
