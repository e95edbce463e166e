"""From kept maps and scores to pictures and charts."""
