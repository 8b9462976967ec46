"""The reference's command lines, over the same assets as the web page."""
