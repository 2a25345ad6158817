"""What ours is measured against, written from public descriptions."""
