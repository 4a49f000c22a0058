"""How a report is shown: text for a terminal, one HTML page, and the drawings in it; all pure functions of its data."""
