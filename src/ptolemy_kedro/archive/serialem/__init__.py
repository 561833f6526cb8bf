"""SerialEM: navigator files, image metadata (.mdoc), maps and montages, as sessions."""
