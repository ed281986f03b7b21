"""One page becomes one article: its text, its language, its words and its telling terms."""
