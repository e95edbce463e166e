"""From tables and figures to one HTML file, and the page of checks of each data set."""
