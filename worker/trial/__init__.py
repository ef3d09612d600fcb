"""What would be told, without telling it: cases that are written beside the routes, and previews."""
