"""`python -m caloris_benchmarks` is the command `caloris-bench`."""

from caloris_benchmarks.runner import main

if __name__ == "__main__":
    main()
