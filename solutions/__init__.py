"""The reference solutions, one file per task: plain NumPy, batch-first, no loop over examples."""
