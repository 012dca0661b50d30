"""The services of the portal: web (socket.io and HTTP) and admin (announcements)."""
