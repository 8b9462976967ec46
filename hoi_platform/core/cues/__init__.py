"""What can be known of each frame of a performance: finger tips, part labels, z-depth.

Belongs here: pure functions of a performance. Does not: storing them (``core.formats``), casting
rays into a scene (``services.performances``).
"""
