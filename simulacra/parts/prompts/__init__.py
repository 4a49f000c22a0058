"""Asking language models: what is asked, who answers, and the journal in which every answer is kept."""
