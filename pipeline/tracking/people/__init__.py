"""People: everybody on the field as a track with an identity, a team and a place in metres. Pure."""
