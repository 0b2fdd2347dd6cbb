"""The twelve target channels: kernels, painting and run-length segments. Numpy only; files stand in `store`."""
