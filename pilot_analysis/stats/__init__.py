"""Statistics of pilots: arrays or frames in, `Estimate`s or small frozen results out."""
