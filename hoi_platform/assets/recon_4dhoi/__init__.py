"""Assets of the 4D stage: from a video to a measured, filtered and drawn clip."""
