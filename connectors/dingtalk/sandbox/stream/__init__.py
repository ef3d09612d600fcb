"""Stream mode: applications connect to the vendor by WebSocket, and pushes come down that connection."""
