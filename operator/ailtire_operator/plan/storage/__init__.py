"""Plans what containers mount: volumes, configs and secrets, tmpfs, and the seeds of empty volumes."""
