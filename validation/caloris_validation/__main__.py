"""`python -m caloris_validation` is the command `caloris-validate`."""

from caloris_validation.runner import main

main()
