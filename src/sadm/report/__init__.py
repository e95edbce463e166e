"""Tables and figures come in, one HTML file goes out; checks of scans come in, the page of their data set goes out."""
