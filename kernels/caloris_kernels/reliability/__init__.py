"""What upset rates mean to a system: words behind correction, voted copies, checkpoints of long computations."""
