"""The benchmarks, each a command (`python -m bench.NAME`): bounded, loopback only, writing into a temporary folder."""
