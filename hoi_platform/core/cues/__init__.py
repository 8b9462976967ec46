"""What can be known of each frame of a performance: finger tips, part labels, z-depth."""
