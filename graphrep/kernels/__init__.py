"""The hot loops: plain arrays in, plain arrays out; no graph objects, no validation."""
