"""The human body: a neutral named skeleton, a skinned model on it, and motions of it."""
