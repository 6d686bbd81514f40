"""Media without GStreamer: formats as data, sources and outputs as the user names them, fMP4, HLS."""
