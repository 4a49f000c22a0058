"""Guards: functions of a case that give findings."""
