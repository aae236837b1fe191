"""What commands do, one small function each, found in `table`."""
