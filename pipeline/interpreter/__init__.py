"""CPython's interpreter: thread states, the switch interval, and how long its threads wait for a processor."""
