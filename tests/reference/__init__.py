"""Reference numbers from R: every case folder given with --cases runs against the product's own functions."""
