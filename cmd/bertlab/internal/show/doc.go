// Package show turns results into the tables that commands print and the figures that they draw.
package show
