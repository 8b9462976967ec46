"""The pictures of the method notes, made from one clip of a results folder."""
