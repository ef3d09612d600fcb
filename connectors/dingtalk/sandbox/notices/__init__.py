"""Work notices: messages of an application to people, whose fate is told afterwards."""
