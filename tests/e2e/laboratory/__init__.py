"""The laboratory: one class for each foreign part, and one for the server under test."""
