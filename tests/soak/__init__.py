"""What takes half an hour: fuzzing and long random use (`make soak`). A seeded part runs with `make faults`."""
