"""Graphics over the video, scoreboard and lower third: from SVG templates to pictures blended onto frames. Pure."""
