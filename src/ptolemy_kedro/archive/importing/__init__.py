"""Importing: what another program left on disk, as session archives. Each vendor's importer stands on it."""
