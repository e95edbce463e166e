"""The figures: pictures of cases, and charts of the scores."""
