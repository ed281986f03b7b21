"""Lines of a text are the article's or the site's chrome."""
