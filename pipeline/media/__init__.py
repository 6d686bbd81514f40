"""What a file or a stream is: formats as data, fMP4 boxes, HLS playlists. Pure."""
