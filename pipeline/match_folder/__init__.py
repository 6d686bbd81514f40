"""Match folders: a match as files, which one run writes and another one reads. The built-in match is in match/."""
