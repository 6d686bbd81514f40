"""Where encoded video goes: files, HLS, pushes, the RTSP server, clips, the browser; the board switches them."""
