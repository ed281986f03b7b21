"""The application: where tables come from, where they run, where they rest and how they are shown."""
