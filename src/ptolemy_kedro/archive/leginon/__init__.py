"""Leginon: sessions in its MySQL or MariaDB database (or a copy in SQLite), images in their image paths."""
