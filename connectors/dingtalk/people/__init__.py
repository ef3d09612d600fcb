"""Who is in the organisation, and who is in a group: what DingTalk says of it, each with the time of the reading."""
