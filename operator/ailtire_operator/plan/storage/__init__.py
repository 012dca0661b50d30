"""What containers mount: volumes, files, memory, and what fills an empty volume."""
