"""The studies that come with this project: one small file a question, each defines `STUDY`."""
