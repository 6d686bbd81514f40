"""Outputs: files, HLS, pushes, the RTSP server, clips, the browser's preview; the board starts and stops them."""
