"""Assets of the dataset as a whole."""
